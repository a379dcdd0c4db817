"""Scripts that make things at the campaign's provider, some of which do what no script should."""
