#pragma once
#include "common/http/request.h"
#include "common/http/response.h"

namespace bm::api {

/// Adds the headers by which browsers keep answers of the operators' API from caches, other sites and type
/// guessing. Keeps those that the answer has.
void addBrowserHeaders(const http::Request& request, http::Response& response);

} // namespace bm::api
