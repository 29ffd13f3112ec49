"""The one seam to the machine: commands, files, services."""
