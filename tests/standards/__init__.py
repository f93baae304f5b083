"""What others say of the formats that are exported; data of theirs, each file names its source."""
