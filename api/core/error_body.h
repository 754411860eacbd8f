#pragma once
#include "common/http/router.h"

namespace bm::api {

/// Sends Ironic's doubly encoded error together with code, hint and request id; for the operators' API.
void renderIronicError(const http::Request& request, http::Response& response, const model::Error& error);
/// Sends {"error_message": "...", "code": ..., "hint": ...} with the unencoded message; for agents and
/// loaders.
void renderPlainError(const http::Request& request, http::Response& response, const model::Error& error);

} // namespace bm::api
