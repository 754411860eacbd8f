#pragma once
#include "common/platform/http_client.h"
#include "images/sources/source_settings.h"

#include <string>

namespace bm::images {

/// Signs a request for one object (path style: ENDPOINT/BUCKET/KEY). Reads the keys from their file each
/// time, so that an operator can change them while bmd runs. @param reach  of the endpoint (reachOf())
/// @throws Error InvalidInput (no endpoint configured), NotFound (no credentials file, or no keys in it)
platform::HttpRequest s3Request(const S3Settings& settings, const platform::Reach& reach,
                                const std::string& method, const std::string& bucket, const std::string& key);

} // namespace bm::images
