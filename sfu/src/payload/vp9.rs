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

/// Length in bytes of the payload descriptor of a packet that starts a key frame (section 4.2).
pub fn descriptor_len(payload: &[u8]) -> Option<usize> {
    let &first = payload.first()?;
    let bit = |mask: u8| first & mask != 0;
    let mut len = 1;
    if bit(0x80) {
        len += if payload.get(len)? & 0x80 != 0 { 2 } else { 1 };
    }
    let is_flexible = bit(0x10);
    if bit(0x20) {
        len += if is_flexible { 1 } else { 2 };
    }
    if bit(0x40) && is_flexible {
        // At most three references, each telling whether another follows.
        for _ in 0..3 {
            len += 1;
            if payload.get(len - 1)? & 1 == 0 {
                break;
            }
        }
    }
    if bit(0x02) {
        let &head = payload.get(len)?;
        len += 1;
        let layers = usize::from(head >> 5) + 1;
        len += if head & 0x10 != 0 { 4 * layers } else { 0 };
        if head & 0x08 != 0 {
            let pictures = usize::from(*payload.get(len)?);
            len += 1;
            for _ in 0..pictures {
                let references = usize::from(*payload.get(len)? >> 2 & 3);
                len += 1 + references;
            }
        }
    }
    (len <= payload.len()).then_some(len)
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
