"""The mix, its shortfalls, and exports."""
