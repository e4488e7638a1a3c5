"""What stands between the network and the pages: which requests are heard at all, what a form may hold, who is where.

Every application of the server goes through these doors, so that none of them has to know what an attacker sends.
"""
