"""Views: one file each, and in assets/ its JavaScript, HTML and CSS under the same name."""
