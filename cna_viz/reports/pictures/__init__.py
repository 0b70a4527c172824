"""Pictures of reports: thumbnails and PDF, by an installed browser."""
