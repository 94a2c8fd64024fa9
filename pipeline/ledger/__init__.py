"""Claims of many articles grouped into assertions, with links, histories and corrections.

`facts` reads a claim as one row, `resolve` turns the rows of one unit into assertions, links and history, `store` keeps
all of it in one SQLite file. A ledger is a function of the set of its claims: the order of arrival changes nothing.
"""
