"""What people do with the store: used by the command line and by pages."""
