"""What does a worker need to train? The protocol of trainers, finding and checking them, and pulling their epochs."""
