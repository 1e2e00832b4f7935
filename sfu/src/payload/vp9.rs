//! VP9 in RTP (RFC 9628): where a key frame starts.

/// Whether `payload` begins a key frame: start of a frame, not inter-picture predicted, lowest spatial layer (section 4.2).
pub fn starts_key_frame(payload: &[u8]) -> bool {
    let Some(&first) = payload.first() else { return false };
    let bit = |mask: u8| first & mask != 0;
    let (has_picture_id, predicted, has_layers, starts) = (bit(0x80), bit(0x40), bit(0x20), bit(0x08));
    if predicted || !starts {
        return false;
    }
    if !has_layers {
        return true;
    }
    let picture_id_len = match (has_picture_id, payload.get(1)) {
        (false, _) => 0,
        (true, Some(byte)) if byte & 0x80 != 0 => 2,
        (true, _) => 1,
    };
    payload.get(1 + picture_id_len).is_some_and(|layers| layers & 0x0e == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_frame_starts_unpredicted_in_the_lowest_layer() {
        let rows: &[(&[u8], bool)] = &[
            (&[0x8c, 0x12], true),
            (&[0x08], true),
            (&[0xcc, 0x12], false),
            (&[0x84, 0x12], false),
            (&[0xac, 0x92, 0x34, 0x00], true),
            (&[0xac, 0x92, 0x34, 0x02], false),
            (&[0xac, 0x12, 0x00], true),
            (&[0xac, 0x92], false),
            (&[], false),
        ];
        for (payload, expected) in rows {
            assert_eq!(starts_key_frame(payload), *expected, "{payload:02x?}");
        }
    }
}
