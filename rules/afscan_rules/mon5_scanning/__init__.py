"""MON-5: no missing security scans."""
