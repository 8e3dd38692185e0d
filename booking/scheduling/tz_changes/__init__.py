"""After a change of time-zone data: keep the promised local times."""
