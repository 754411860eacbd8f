#pragma once
#include "api/core/api_parts.h"
#include "common/http/router.h"
#include "conductor/nodes/management.h"

namespace bm::api {

/// Control of a node's BMC and firmware: boot device, NMI, indicators, boot mode, Secure Boot, target RAID
/// configuration, virtual media, console. Source: Ironic's management, states and vmedia resources.
class NodeHardwareApi {
public:
    explicit NodeHardwareApi(const ApiParts& parts) : parts_(parts), management_(parts.context) {}
    void mount(http::Router& router);

private:
    void mountManagement(http::Router& router);
    void mountStates(http::Router& router);
    void mountMedia(http::Router& router);
    void bootDevice(http::Request& request, http::Response& response) const;
    void setBootDevice(http::Request& request, http::Response& response) const;
    void supportedBootDevices(http::Request& request, http::Response& response) const;
    void injectNmi(http::Request& request, http::Response& response) const;
    void indicators(http::Request& request, http::Response& response) const;
    void indicator(http::Request& request, http::Response& response) const;
    void setIndicator(http::Request& request, http::Response& response) const;
    void setBootMode(http::Request& request, http::Response& response) const;
    void setSecureBoot(http::Request& request, http::Response& response) const;
    void setRaid(http::Request& request, http::Response& response) const;
    void setConsole(http::Request& request, http::Response& response) const;
    void media(http::Request& request, http::Response& response) const;
    void attachMedia(http::Request& request, http::Response& response) const;
    void detachMedia(http::Request& request, http::Response& response) const;
    model::Node nodeOf(const http::Request& request) const;
    void accepted(const http::Request& request, http::Response& response, const model::Node& node) const;

    const ApiParts& parts_;
    conductor::Management management_;
};

} // namespace bm::api
