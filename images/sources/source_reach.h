#pragma once
#include "common/platform/outgoing_policy.h"
#include "images/sources/source_settings.h"
#include "images/sources/source_url.h"

#include <string>

namespace bm::images {

/// Another bmd as a source of images.
struct PeerEndpoint {
    std::string url;                    ///< scheme, host and port
    const PeerAccess* access = nullptr; ///< bmd.yaml's entry; null: no credentials, the system's CAs
};

/// The endpoint of @p source, of kind Bm. An entry of images.peers counts only where scheme, host and port
/// are the same, so that an address that a user types never sends a peer's password elsewhere, or in clear.
/// Borrows from @p settings.
PeerEndpoint peerEndpoint(const SourceUrl& source, const SourceSettings& settings);

/// The permitted destinations of a request for @p source.
platform::Reach reachOf(const SourceUrl& source, const SourceSettings& settings, platform::Asker asker);

/// @throws Error InvalidInput: bmd does not request the address of @p source as it is written, or not for a
/// project (SourceSettings::projectSchemes)
void requireReachable(const SourceUrl& source, const SourceSettings& settings, platform::Asker asker);

} // namespace bm::images
