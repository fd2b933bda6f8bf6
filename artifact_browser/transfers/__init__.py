"""Moving bytes: plans, the engine that schedules them, the movers that carry them, and what to show of it."""
