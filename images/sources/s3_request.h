#pragma once
#include "common/platform/http_client.h"
#include "images/sources/source_settings.h"

#include <string>

namespace bm::images {

/// A signed request for one object (path style: ENDPOINT/BUCKET/KEY). The keys are read from their file each
/// time, so that they can be changed under a running bmd.
/// @throws Error InvalidInput (no endpoint configured), NotFound (no file of credentials, or no keys in it)
platform::HttpRequest s3Request(const S3Settings& settings, const std::string& method,
                                const std::string& bucket, const std::string& key);

} // namespace bm::images
