#pragma once
#include "images/blocks/digest.h"

#include <optional>
#include <string>

namespace bm::images {

/// A checksum that an operator gave as "sha256:<hex>" or "sha512:<hex>".
struct Checksum {
    Digest::Kind kind = Digest::Kind::Bits256;
    std::string hex; ///< lower case, of the right length
};

/// Parses a checksum; nullopt for "". @throws Error InvalidInput (another algorithm, not hex, wrong length)
std::optional<Checksum> parseChecksum(const std::string& text);

} // namespace bm::images
