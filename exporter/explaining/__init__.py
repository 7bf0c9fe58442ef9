"""Every sentence for people: what a judgement and its evidence read like, and what to do.

It decides nothing and counts nothing: reports, judgements and views come in, text goes out.
"""
