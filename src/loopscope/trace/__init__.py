"""What happened in a run: events, who reads them, and the file that they are kept in."""
