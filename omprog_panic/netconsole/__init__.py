"""netconsole: from the text of datagrams to records in order. Pure."""

from __future__ import annotations
