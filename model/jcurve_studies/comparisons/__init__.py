"""The model beside guidance, consensus, history and other people's models."""
