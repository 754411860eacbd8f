#!/usr/bin/env python3
"""Prints bm's software bill of materials as SPDX 2.3 JSON: the programs given, the Debian packages whose libraries they
link, and those of packages.apt that bm runs on and is built from. Nothing is vendored.
usage: sbom.py PACKAGES_APT VERSION ROOT PROGRAM...    (ROOT: the folder that becomes /)"""
import datetime
import hashlib
import json
import os
import re
import subprocess
import sys
import uuid
from pathlib import Path

# The headings of packages.apt that name what is in bm or what it runs, and their relationship to bm.
HEADINGS = {"build": "BUILD_DEPENDENCY_OF", "run": "RUNTIME_DEPENDENCY_OF", "RAM disk": "OPTIONAL_DEPENDENCY_OF"}


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def listed(packages_apt):
    """(package, relationship) of the lines below a known heading."""
    relationship = None
    for line in packages_apt.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            relationship = HEADINGS.get(line.lstrip("# ").strip())
        elif line.strip() and relationship:
            yield line.strip(), relationship


def owners(libraries):
    """The Debian packages that own the libraries' files; dpkg knows a file with or without /usr."""
    candidates = {library: {library, os.path.realpath(library)} for library in libraries}
    for library, paths in candidates.items():
        candidates[library] = paths | {path.removeprefix("/usr") for path in paths} | {"/usr" + path for path in paths}
    answer = output("dpkg-query", "-S", *set().union(*candidates.values()))
    by_path = {path: name for name, path in re.findall(r"^([a-z0-9][a-z0-9+.-]*)(?::\w+)?: (/\S+)$", answer, re.M)}
    if orphans := [library for library, paths in candidates.items() if not paths & by_path.keys()]:
        raise SystemExit(f"sbom: no package owns {', '.join(orphans)}")
    return {by_path[path] for paths in candidates.values() for path in paths if path in by_path}


def linked(programs):
    """The packages of the libraries that the programs name themselves; their own dependencies are Debian's."""
    needed, places = set(), {}
    for program in programs:
        needed.update(re.findall(r"\(NEEDED\).*\[(.+)\]", output("readelf", "--wide", "--dynamic", program)))
        places.update(re.findall(r"^\s*(\S+) => (/\S+)", output("ldd", program), re.M))
    return sorted(owners([places[name] for name in needed if name in places]))


def installed():
    """{package: (version, architecture)} of this machine."""
    lines = output("dpkg-query", "-W", "-f", "${db:Status-Status} ${Package} ${Version} ${Architecture}\n").splitlines()
    rows = [line.split() for line in lines if line.startswith("installed ")]
    return {name: (version, architecture) for _, name, version, architecture in rows}


def spdx_id(name):
    return "SPDXRef-Package-" + re.sub(r"[^A-Za-z0-9.-]", "-", name)


def debian_package(name, here):
    package = {"name": name, "SPDXID": spdx_id("deb-" + name), "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
               "licenseConcluded": "NOASSERTION", "licenseDeclared": "NOASSERTION", "copyrightText": "NOASSERTION"}
    purl = f"pkg:deb/debian/{name}"
    if here:
        package["versionInfo"] = here[0]
        purl += f"@{here[0].replace(':', '%3A').replace('+', '%2B')}?arch={here[1]}"
    package["externalRefs"] = [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl}]
    return package


def program_file(path, root):
    return {"fileName": f"./{path.relative_to(root)}", "SPDXID": "SPDXRef-File-" + path.name,
            "checksums": [{"algorithm": name, "checksumValue": hashlib.new(name.lower(), path.read_bytes()).hexdigest()}
                          for name in ("SHA1", "SHA256")],
            "licenseConcluded": "NOASSERTION", "copyrightText": "NOASSERTION"}


def document(packages_apt, version, root, programs):
    libraries, versions = linked(programs), installed()
    bm = spdx_id("bm")
    relationships = [("SPDXRef-DOCUMENT", "DESCRIBES", bm)]
    relationships += [(spdx_id("deb-" + name), how, bm) for name, how in listed(packages_apt)]
    relationships += [(bm, "DYNAMIC_LINK", spdx_id("deb-" + name)) for name in libraries]
    relationships += [(bm, "CONTAINS", "SPDXRef-File-" + program.name) for program in programs]
    names = sorted({name for name, _ in listed(packages_apt)} | set(libraries))
    own = {"name": "bm", "SPDXID": bm, "versionInfo": version, "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
           "licenseConcluded": "Apache-2.0", "licenseDeclared": "Apache-2.0", "copyrightText": "NOASSERTION",
           "primaryPackagePurpose": "APPLICATION"}
    made = {"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": f"bm-{version}",
            "packages": [own] + [debian_package(name, versions.get(name)) for name in names],
            "files": [program_file(program, root) for program in programs],
            "relationships": [{"spdxElementId": a, "relationshipType": how, "relatedSpdxElement": b}
                              for a, how, b in relationships]}
    content = json.dumps(made, sort_keys=True)
    when = datetime.datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", datetime.datetime.now().timestamp())),
                                           datetime.timezone.utc)
    made["documentNamespace"] = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, content)}"
    made["creationInfo"] = {"created": when.strftime("%Y-%m-%dT%H:%M:%SZ"), "creators": ["Tool: bm-packaging-sbom"]}
    return made


def main():
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    programs = [path for path in map(Path, sys.argv[4:]) if path.exists()]  # a tree without the agent gives a package, too
    json.dump(document(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), programs), sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
