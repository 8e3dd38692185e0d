"""Health checks: for balancers and service managers, and for people."""
