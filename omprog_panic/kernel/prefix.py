"""What stands before the kernel's text in a line of console text. Pure data.

Every form of dmesg (util-linux sys-utils/dmesg.c), journalctl, syslog, and the columns
that vendors of phones and boards add in printk (kept in each of their kernel trees).
"""

from __future__ import annotations

import re

# [  123.456789]; Amlogic adds the CPU ("@4"), Huawei the unit ("s"), dmesg -d the time
# since the line before. Then [ T1234] or [ C0] of CONFIG_PRINTK_CALLER, which dmesg of
# util-linux 2.39 and later sets apart by a space.
_DELTA = r" {0,8}\d{1,9}\.\d{6}"
STAMP = (
    rf"\[ *(\d{{1,12}})\.(\d{{6}})(?:@\d{{1,3}}|s| <{_DELTA}>)?\]"
    r"(?: ?\[ *([TC]) {0,8}(\d{1,10}) *\])?[ \t]*"
)
# Columns of vendors, directly before the text.
VENDOR = (
    # Samsung Exynos: [4:provider@4.0-se: 1823]
    r"\[\d{1,2}: *[^\]\n]{1,32}: *\d{1,7}\][ \t]*",
    # Marvell: c0 1 (swapper/0)
    r"[cC]\d{1,2} \d{1,7} \([^)\n]{1,32}\)[ \t]*",
    # Samsung and Spreadtrum: C1 [    swapper/1:    0] or c4  1823
    r"[cC]\d{1,2} +(?:\[ *[^\]\n]{1,32}: *\d{1,7}\]|\d{1,6} )[ \t]*",
    # Samsung Exynos 4: c0
    r"[cC]\d (?=[A-Z\[])",
    # MediaTek: <4>.(2)[1823:kworker/2:1] or -(0)[0:swapper/0]
    r"(?:<\d>)?[-.]?\(\d{1,2}\)\[\d{1,7}:[^\]\n]{1,32}\][ \t]*",
    # Xiaomi and other Qualcomm boards: [20210101_10:11:12.123456]@4
    r"\[(?:\d{8}_)?\d\d:\d\d:\d\d\.\d{3,9}\]@\d{1,2},?[ \t]*",
    # HTC marks lines of the kernel with a K
    r"\[K\][ \t]*",
    # Huawei: [pid:1823,cpu4,provider]
    r"\[pid:\d{1,7},cpu\d{1,3},[^\]\n]{1,64}\][ \t]*",
)
VENDOR_COLUMN = rf"(?:(?=[\[cC(<.-])(?:{'|'.join(VENDOR)}))?"
# In a record the time stamp of Amlogic, Huawei and MediaTek is text as well.
_VENDOR_STAMP = r"(?:\[ *\d{1,12}\.\d{6}(?:@\d{1,3}|s)?\][ \t]*)?"
VENDOR_PREFIX = re.compile(f"{_VENDOR_STAMP}(?:{'|'.join(VENDOR)})?")
_FIRST = frozenset("[cC(<-. \t")
"""First characters of these columns, and of indentation."""

# dmesg -T: [Fri Nov 27 09:00:00 2026]; -H and -e: [Nov27 09:00] or [  +0.000012];
# --time-format iso: 2026-11-27T09:00:00,123456+00:00; with -d the delta after it.
_NAME = r"[^\W\d_]{2,6}\.?"  # of a day or a month, in the language of whoever read it
_CALENDAR = (
    rf"\[(?=[^\]])(?:{_NAME} {_NAME} [ \d]\d \d\d:\d\d:\d\d \d{{4}}"
    rf"|{_NAME} ?[ \d]\d \d\d:\d\d|  *\+\d{{1,9}}\.\d{{6}})?"
    rf"(?: ?<{_DELTA}>)?\]"
    r"(?: ?\[ *([TC]) {0,8}(\d{1,10}) *\])?[ \t]*"
    r"|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d,\d{6}[+-]\d\d:\d\d[ \t]+"
)
CALENDAR = re.compile(_CALENDAR)
# dmesg -x: facility and level in words.
DECODED = re.compile(
    r"(?P<facility>[a-z]{3,8}) *:(?:emerg|alert|crit|err|warn|notice|info|debug) *: ",
)
# "Nov 22 10:15:42[.123456] host kernel: " of syslog and journalctl; or the time as
# 2026-11-22T10:15:42+01:00, Fri 2026-11-27 09:00:00 UTC, 2026-11-27 09:00:00 +0000 UTC,
# 1700000000.123456 or [  123.456789]. journalctl --no-hostname prints none.
SYSLOG = re.compile(
    rf"(?:<\d{{1,3}}>)?(?:{_NAME} [ \d]\d \d\d:\d\d:\d\d(?:\.\d{{1,9}})?|"
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[^ ]{0,16}|"
    r"[A-Z][a-z]{2} \d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})? [A-Z]{1,5}|"
    r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: [+-]\d{4})?(?: [A-Z]{1,5})?|"
    r"\d{9,11}\.\d{6}|\[ *\d{1,12}\.\d{6}\]) (?:(?!kernel: )[^ ]{1,255} )?"
    r"(?P<program>[^ :\[]{1,64})(?:\[\d+\])?: ",
)
# 2018/01/09 14:28:48: the date that programs which relay a console put before a line.
# [  240.]: a kernel whose clock has no fractions. "kernel: " alone: reports of abrt.
DATED = re.compile(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d |\[ *\d{1,7}\.\d{0,5}\] |kernel: ")
PRIORITY = re.compile(r"<\d{1,3}>")


def without_vendor_prefix(text: str) -> str:
    """Cut indentation and a vendor's column off the text of a record.

    >>> without_vendor_prefix(" [4:provider@4.0-se: 1823] Oops")
    'Oops'
    """
    if text[:1] not in _FIRST:
        return text
    text = text.lstrip(" \t")
    found = VENDOR_PREFIX.match(text)
    return text[found.end() :] if found else text
