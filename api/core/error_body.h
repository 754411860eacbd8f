#pragma once
#include "common/http/router.h"

namespace bm::api {

/// Ironic's doubly encoded error with code, hint and request id beside it; for the operators' API.
void renderIronicError(const http::Request& request, http::Response& response, const model::Error& error);
/// {"error_message": "...", "code": ..., "hint": ...} with the message as it is; for agents and loaders.
void renderPlainError(const http::Request& request, http::Response& response, const model::Error& error);

} // namespace bm::api
