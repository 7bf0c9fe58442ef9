"""Wire shapes: bytes become small frozen structs.

Unknown fields are ignored, null and absent mean the same. The only error raised is DecodeError.
Nothing here knows how objects belong together or what they mean for traffic.
"""
