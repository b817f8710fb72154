"""Who and what gets shown: methods on logs of impressions."""
