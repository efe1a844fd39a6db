"""Why an assessor may believe us: the only room that accepts findings, and the checks over synthesized templates."""
