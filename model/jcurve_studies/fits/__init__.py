"""Parameters fitted to filings, and companies that are seen through their outlays alone."""
