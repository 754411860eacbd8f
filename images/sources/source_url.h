#pragma once
#include <cstdint>
#include <string>

namespace bm::images {

/// Where an image is fetched from.
enum class SourceKind : std::uint8_t { Web, S3, Bm };

struct SourceUrl {
    SourceKind kind = SourceKind::Web;
    std::string url;  ///< http(s): of the file; Bm: of the other bmd, without a path
    std::string peer; ///< Bm: "host:port"
    std::string name; ///< the last part of the path: a file's or an image's name
    std::string bucket;
    std::string key;
};

/// "http(s)://...", "s3://bucket/key", "bm://host:port/NAME", and "http(s)://host:port/v1/images/NAME", which
/// is another bmd's too.
/// @throws Error InvalidInput (another scheme, file:// among them; a link-local address; no bucket, key or
/// name)
SourceUrl parseSourceUrl(const std::string& url);

} // namespace bm::images
