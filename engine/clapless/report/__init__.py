"""What a sync found, for people and for other programs: charts and models."""
