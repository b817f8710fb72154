"""Reports of runs and of plans: one content, written as a page, a PDF or data.

What a measurement means is the method's to say; which run is shown is chosen by who asks.
"""
