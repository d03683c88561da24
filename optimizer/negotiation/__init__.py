"""The negotiation desk: what every term is worth to the buyer, when to walk away, what to counter with."""
