"""Why an assessor may believe us: the only room that acknowledges findings, and the checks over synthesized templates."""
