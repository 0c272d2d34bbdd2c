"""What is made of an executed report notebook: see ``briefing``."""
