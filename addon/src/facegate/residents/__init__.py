"""Residents' use cases over the rules of the core: enrolment now; invitations, rights and retention later."""
