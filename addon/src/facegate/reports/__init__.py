"""Reports for the owner: plain words first, figures after; one HTML file that asks no other machine for anything."""
