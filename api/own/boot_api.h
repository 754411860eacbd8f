#pragma once
#include "api/core/api_parts.h"
#include "common/http/router.h"

namespace bm::api {

/// /boot/...: iPXE scripts per node, kernel and initrd of the RAM disk and of RAM disk images, loaders for
/// UEFI HTTP boot.
class BootApi {
public:
    explicit BootApi(const ApiParts& parts) : parts_(parts) {}
    void mount(http::Router& router);

private:
    void script(http::Request& request, http::Response& response) const;
    void ramdiskFile(const http::Request& request, http::Response& response, const std::string& name,
                     model::EventKind event) const;
    void imageFile(http::Request& request, http::Response& response) const;
    void loader(const http::Request& request, http::Response& response) const;

    const ApiParts& parts_;
};

} // namespace bm::api
