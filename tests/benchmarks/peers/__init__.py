"""What people would use instead, as small as each one's own documentation shows it.

All of them do what Newsflow does with NEWSFLOW_READ_LATER: read an article as the contract says,
pass it on, write it to MongoDB. Each has its guarantees switched on as far as it has them: late
acknowledgement, what a dead worker left given to another after 5 s, writes by a majority with its
journal on disk. They write heads only, one document where Newsflow writes two.
"""
