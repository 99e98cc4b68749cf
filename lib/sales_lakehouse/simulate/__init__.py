"""The sources of the samples: a shop with a REST API and two partners who send files.

Invoices of the raw samples are dealt to three sellers (`dealing`), so that what the three
deliver for a day is together exactly that day.
"""
