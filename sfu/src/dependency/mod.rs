//! The dependency descriptor header extension (RTP payload format for AV1, appendix A): which frames others need, told beside
//! the payload, for any codec.
//!
//! A key frame brings a structure: templates of frames, and decode targets, each a way to receive the stream (a spatial and
//! a temporal layer). Every packet names its template. A stream's [`Structure`] keeps the last structure that came.

mod bits;
#[cfg(test)]
mod tests;

use bits::Bits;

use crate::{
    limits::{MAX_DECODE_TARGETS, MAX_LATE_FRAMES, MAX_SPATIAL_LAYERS, MAX_TEMPLATES, MAX_TEMPORAL_LAYERS},
    payload::{Layering, Rise},
};

/// What the extension is called in SDP (appendix A.9).
pub const URI: &str = "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension";
/// Bytes of a descriptor that has the mandatory fields only.
const MANDATORY_LEN: usize = 3;

/// Why bytes are not a dependency descriptor, or cannot be understood yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DependencyError {
    /// It ends within a field.
    #[error("dependency descriptor is truncated")]
    Truncated,
    /// No structure came yet: the key frame's first packet is missed.
    #[error("dependency descriptor without a structure")]
    NoStructure,
    /// It names a template the structure has not: that of another key frame is missed.
    #[error("dependency descriptor of an unknown template")]
    UnknownTemplate,
    /// Its structure has more templates, or layers, than there may be.
    #[error("dependency structure is too large")]
    TooLarge,
}

/// What a frame is to a decode target (table A.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Indication {
    /// Not part of it.
    NotPresent,
    /// Part of it, and no other part refers to it.
    Discardable,
    /// Part of it, and whoever can decode it can decode all of the target from here on.
    Switch,
    /// Part of it, and others refer to it.
    Required,
}

/// What a frame is to every decode target: two bits for each, the first lowest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Indications(u64);

impl Indications {
    fn read(bits: &mut Bits<'_>, targets: usize) -> Result<Self, DependencyError> {
        let mut all = 0;
        for target in 0..targets {
            all |= u64::from(bits.take(2)?) << (2 * target);
        }
        Ok(Self(all))
    }

    fn of(self, target: usize) -> Indication {
        if target >= MAX_DECODE_TARGETS {
            return Indication::NotPresent;
        }
        match self.0 >> (2 * target) & 3 {
            0 => Indication::NotPresent,
            1 => Indication::Discardable,
            2 => Indication::Switch,
            _ => Indication::Required,
        }
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Template {
    spatial: u8,
    temporal: u8,
    indications: Indications,
}

/// The highest layers of a decode target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Target {
    /// Spatial layer, 0 to 3.
    pub spatial: u8,
    /// Temporal layer, 0 to 7.
    pub temporal: u8,
}

/// What a packet's descriptor tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// Frame number, modulo 2^16. In decode order; layers of one picture are frames of their own.
    pub number: u16,
    /// Whether the packet is the first of its frame.
    pub begins: bool,
    /// Whether it is the last.
    pub ends: bool,
    /// Spatial layer, 0 to 3.
    pub spatial: u8,
    /// Temporal layer, 0 to 7.
    pub temporal: u8,
    /// Whether a structure is attached: it is the first packet of a key frame.
    pub has_structure: bool,
    indications: Indications,
    rise: Rise,
    discardable: bool,
}

impl Frame {
    /// What the frame is to a decode target, by its number in the structure.
    pub fn indication(&self, target: usize) -> Indication {
        self.indications.of(target)
    }

    /// The same as a payload tells it.
    pub fn layering(&self) -> Layering {
        Layering {
            temporal: self.temporal,
            spatial: self.spatial,
            rise: self.rise,
            begins: self.begins,
            ends: self.ends,
            key: self.has_structure,
            inter_layer: false,
            discardable: self.discardable,
        }
    }
}

/// The structure of one stream, kept from its key frames. Of fixed size: nothing is allocated for a packet.
#[derive(Debug, Clone, Copy)]
pub struct Structure {
    /// Id of the first template; the others follow, modulo 64.
    first_id: u8,
    template_count: usize,
    templates: [Template; MAX_TEMPLATES],
    target_count: usize,
    targets: [Target; MAX_DECODE_TARGETS],
    chain_count: u32,
    /// Frame that brought it.
    since: u16,
    /// Decode targets that are sent: bit i for target i; and the frame that told so.
    active: u32,
    active_since: u16,
}

impl Default for Structure {
    fn default() -> Self {
        Self::new()
    }
}

impl Structure {
    /// None has come.
    pub fn new() -> Self {
        Self {
            first_id: 0,
            template_count: 0,
            templates: [Template::default(); MAX_TEMPLATES],
            target_count: 0,
            targets: [Target::default(); MAX_DECODE_TARGETS],
            chain_count: 0,
            since: 0,
            active: 0,
            active_since: 0,
        }
    }

    /// Decode targets; none before a structure came.
    pub fn targets(&self) -> &[Target] {
        &self.targets[..self.target_count]
    }

    /// Whether a decode target is sent at present (appendix A.4).
    pub fn is_active(&self, target: usize) -> bool {
        target < self.target_count && self.active >> target & 1 != 0
    }

    /// The decode target to forward to a receiver that shall have at most these layers: of those that are sent, the one of
    /// the highest spatial layer, and of those the one of the highest temporal layer.
    pub fn target_for(&self, spatial: u8, temporal: u8) -> Option<usize> {
        let fits = |(at, target): &(usize, &Target)| {
            target.spatial <= spatial && target.temporal <= temporal && self.is_active(*at)
        };
        let best = self.targets().iter().enumerate().filter(fits);
        best.max_by_key(|(_, target)| (target.spatial, target.temporal)).map(|(at, _)| at)
    }

    /// Whether a receiver that shall have at most these layers needs `frame`. Without a decode target for it, the layers
    /// alone decide.
    pub fn needs(&self, frame: &Frame, spatial: u8, temporal: u8) -> bool {
        match self.target_for(spatial, temporal) {
            Some(target) => frame.indication(target) != Indication::NotPresent,
            None => frame.spatial <= spatial && frame.temporal <= temporal,
        }
    }

    /// Reads the descriptor of a packet, and keeps the structure it brings, if it does. One that comes late, in a packet sent
    /// again after a later key frame, serves that packet alone.
    pub fn read(&mut self, extension: &[u8]) -> Result<Frame, DependencyError> {
        let mut bits = Bits::new(extension);
        let (begins, ends) = (bits.flag()?, bits.flag()?);
        let template_id = bits.take(6)? as u8;
        let number = bits.take(16)? as u16;
        let extended = extension.len() > MANDATORY_LEN;
        let mut flag = || if extended { bits.flag() } else { Ok(false) };
        let (has_structure, tells_active) = (flag()?, flag()?);
        let custom = Custom { indications: flag()?, differences: flag()?, chains: flag()? };
        let brought = if has_structure { Some(Self::read_structure(&mut bits, number)?) } else { None };
        let structure = brought.as_ref().unwrap_or(self);
        if structure.template_count == 0 {
            return Err(DependencyError::NoStructure);
        }
        let active = if tells_active { Some(bits.take(structure.target_count as u32)?) } else { None };
        let template = structure.template(template_id)?;
        let indications = structure.read_custom(&mut bits, custom, template)?;
        let frame = Frame {
            number,
            begins,
            ends,
            spatial: template.spatial,
            temporal: template.temporal,
            has_structure,
            indications,
            rise: structure.rise(template, indications),
            discardable: structure.is_discardable(indications),
        };
        if let Some(brought) = brought
            && !(self.template_count > 0 && is_late(number, self.since))
        {
            *self = brought;
        }
        if let Some(active) = active
            && !is_late(number, self.active_since)
        {
            (self.active, self.active_since) = (active, number);
        }
        Ok(frame)
    }

    fn template(&self, id: u8) -> Result<Template, DependencyError> {
        let at = usize::from(id.wrapping_sub(self.first_id)) % MAX_TEMPLATES;
        self.templates[..self.template_count].get(at).copied().ok_or(DependencyError::UnknownTemplate)
    }

    /// Reads what the frame has instead of its template's, and returns its indications.
    fn read_custom(
        &self,
        bits: &mut Bits<'_>,
        custom: Custom,
        template: Template,
    ) -> Result<Indications, DependencyError> {
        let indications = match custom.indications {
            true => Indications::read(bits, self.target_count)?,
            false => template.indications,
        };
        if custom.differences {
            loop {
                match bits.take(2)? {
                    0 => break,
                    size => bits.take(4 * size)?,
                };
            }
        }
        if custom.chains {
            for _ in 0..self.chain_count {
                bits.take(8)?;
            }
        }
        Ok(indications)
    }

    fn read_structure(bits: &mut Bits<'_>, number: u16) -> Result<Self, DependencyError> {
        let mut read = Self::new();
        (read.since, read.active_since) = (number, number);
        read.first_id = bits.take(6)? as u8;
        read.target_count = bits.take(5)? as usize + 1;
        read.active = u32::MAX;
        read.read_layers(bits)?;
        let templates = &mut read.templates[..read.template_count];
        for template in &mut *templates {
            template.indications = Indications::read(bits, read.target_count)?;
        }
        for _ in 0..templates.len() {
            while bits.flag()? {
                bits.take(4)?;
            }
        }
        read.chain_count = bits.non_symmetric(read.target_count as u32 + 1)?;
        if read.chain_count > 0 {
            for _ in 0..read.target_count {
                bits.non_symmetric(read.chain_count)?;
            }
            for _ in 0..read.template_count as u32 * read.chain_count {
                bits.take(4)?;
            }
        }
        read.derive_targets();
        if bits.flag()? {
            // The width and the height of every spatial layer.
            for _ in 0..=read.templates[read.template_count - 1].spatial {
                bits.take(16)?;
                bits.take(16)?;
            }
        }
        Ok(read)
    }

    /// Layers of the templates (template_layers and table A.2).
    fn read_layers(&mut self, bits: &mut Bits<'_>) -> Result<(), DependencyError> {
        let (mut spatial, mut temporal) = (0, 0);
        loop {
            let template = self.templates.get_mut(self.template_count).ok_or(DependencyError::TooLarge)?;
            (template.spatial, template.temporal) = (spatial, temporal);
            self.template_count += 1;
            match bits.take(2)? {
                0 => {}
                1 => temporal += 1,
                2 => (spatial, temporal) = (spatial + 1, 0),
                _ => return Ok(()),
            }
            if spatial >= MAX_SPATIAL_LAYERS || temporal >= MAX_TEMPORAL_LAYERS {
                return Err(DependencyError::TooLarge);
            }
        }
    }

    /// Layers of the decode targets (decode_target_layers): the highest of the templates they are made of.
    fn derive_targets(&mut self) {
        for (at, target) in self.targets[..self.target_count].iter_mut().enumerate() {
            for template in &self.templates[..self.template_count] {
                if template.indications.of(at) != Indication::NotPresent {
                    target.spatial = target.spatial.max(template.spatial);
                    target.temporal = target.temporal.max(template.temporal);
                }
            }
        }
    }

    /// A frame lets temporal layers rise where it is a switch for every decode target of its spatial layer that has more of
    /// them; so libwebrtc tells VP9's switching up points.
    fn rise(&self, template: Template, indications: Indications) -> Rise {
        let mut higher = self
            .targets()
            .iter()
            .enumerate()
            .filter(|(_, target)| target.spatial == template.spatial && target.temporal > template.temporal);
        if higher.all(|(at, _)| indications.of(at) == Indication::Switch) { Rise::After } else { Rise::No }
    }

    fn is_discardable(&self, indications: Indications) -> bool {
        let of = |at| indications.of(at);
        (0..self.target_count).all(|at| matches!(of(at), Indication::NotPresent | Indication::Discardable))
    }
}

/// What a frame has instead of its template's.
#[derive(Debug, Clone, Copy)]
struct Custom {
    indications: bool,
    differences: bool,
    chains: bool,
}

/// Whether frame `number` is an older one than `than` that comes late.
fn is_late(number: u16, than: u16) -> bool {
    (1..=MAX_LATE_FRAMES).contains(&than.wrapping_sub(number))
}
