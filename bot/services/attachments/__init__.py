"""Photos, voice notes and files of appeals, sealed."""
