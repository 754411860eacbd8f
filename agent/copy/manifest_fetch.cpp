#include "agent/copy/manifest_fetch.h"

#include "common/model/error.h"
#include "common/text/text.h"
#include "images/blocks/digest.h"

#include <fmt/format.h>

namespace bm::agent {

using images::Manifest;
using model::Error;
using model::ErrorCode;

namespace {

constexpr std::size_t kLongestManifest = std::size_t{256} << 20U;

} // namespace

Manifest fetchManifest(const ManifestOrder& order, const TokenSource& token, const std::stop_token& stop)
{
    const std::string text = fetchWhole(order.location, token, kLongestManifest, stop);
    const std::span<const std::byte> bytes = std::as_bytes(std::span(text));
    if (const std::string found = text::toHex(images::sha256(bytes));
        !order.sha256.empty() && found != order.sha256)
        throw Error(
            ErrorCode::ChecksumMismatch,
            fmt::format("the manifest from {} has SHA-256 {}, expected {}", order.location, found,
                        order.sha256),
            "a cache before the image server serves another one, or the image is damaged: bm image show");
    Manifest manifest = images::parseManifest(bytes);
    if (order.sizeBytes != 0 && manifest.sizeBytes != order.sizeBytes)
        throw Error(ErrorCode::ImageCorrupt, fmt::format("the manifest declares {} bytes, the image has {}",
                                                         manifest.sizeBytes, order.sizeBytes));
    return manifest;
}

} // namespace bm::agent
