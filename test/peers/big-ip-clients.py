"""Drives one step of a deployment with a client of iControl REST: its arguments are client, address, key, certificate, chain and name."""
import json
import os
import sys

client, address, key, certificate, chain, name = sys.argv[1:7]
username, password = os.environ["BIGIP_USERNAME"], os.environ["BIGIP_PASSWORD"]
downloads = "file:/var/config/rest/downloads/"
profile = "/mgmt/tm/ltm/profile/client-ssl/~Common~www"
entry = [{"name": "default", "cert": f"/Common/{name}", "key": f"/Common/{name}", "chain": "none"}]
base = os.path.basename


def with_bigrest():
    from bigrest.bigip import BIGIP

    device = BIGIP(address, username, password, request_token=True)
    for path in (key, certificate):
        device.upload("/mgmt/shared/file-transfer/uploads", path)
    for kind, path in (("ssl-key", key), ("ssl-cert", certificate)):
        source = downloads + base(path)
        device.create(f"/mgmt/tm/sys/file/{kind}", {"name": name, "partition": "Common", "sourcePath": source})
    device.transaction_create()
    device.modify(profile, {"certKeyChain": entry})
    checked = device.transaction_validate()
    still = device.load("/mgmt/tm/sys/file/ssl-cert/~Common~" + name)
    committed = device.transaction_commit()
    device.command("/mgmt/tm/sys/config", {"command": "save"})
    command = {"command": "run", "utilCmdArgs": f"-f /var/config/rest/downloads/{base(key)}"}
    device.command("/mgmt/tm/util/unix-rm", command)
    return {
        "validated": checked.properties["state"],
        "committed": committed.properties["state"],
        "fingerprint": still.properties["fingerprint"],
    }


def with_f5_sdk():
    from f5.bigip import ManagementRoot
    from f5.bigip.contexts import TransactionContextManager

    host, port = address.split(":")
    root = ManagementRoot(host, username, password, port=int(port), token="tmos")
    for path in (key, certificate):
        root.shared.file_transfer.uploads.upload_file(path)
    files = root.tm.sys.file
    files.ssl_keys.ssl_key.create(name=name, partition="Common", sourcePath=downloads + base(key))
    files.ssl_certs.ssl_cert.create(name=name, partition="Common", sourcePath=downloads + base(certificate))
    www = root.tm.ltm.profile.client_ssls.client_ssl.load(name="www", partition="Common")
    with TransactionContextManager(root.tm.transactions.transaction) as api:
        api.tm.ltm.profile.client_ssls.client_ssl.load(name="www", partition="Common").modify(certKeyChain=entry)
        before = www.raw["certKeyChain"][0]["cert"]
    www.refresh()
    root.tm.sys.config.exec_cmd("save")
    root.tm.util.unix_rm.exec_cmd("run", utilCmdArgs=f"-f /var/config/rest/downloads/{base(key)}")
    return {"version": root.tmos_version, "before": before, "after": www.raw["certKeyChain"][0]["cert"]}


def with_certbot_bigip():
    from certbot_bigip.obj import Bigip
    from f5.bigip import ManagementRoot

    host, port = address.split(":")
    # without __init__, which asks for virtual servers and devices that the server does not have
    bigip = Bigip.__new__(Bigip)
    bigip.mgmt = ManagementRoot(host, username, password, port=int(port), token="tmos")
    bigip.partition, bigip.active_device, bigip.standalone = "Common", host, True
    bigip.upload_file(key)
    bigip.upload_file(certificate)
    before = [bigip.exists_crypto_key(name), bigip.exists_crypto_cert(name)]
    bigip.upload_file(chain)
    bigip.update_crypto(name, certificate, key, chain, f"{name}-chain")
    after = [bigip.exists_crypto_key(name), bigip.exists_crypto_cert(name)]
    bigip.save()
    return {"before": before, "after": after}


clients = {"bigrest": with_bigrest, "f5-sdk": with_f5_sdk, "certbot-bigip": with_certbot_bigip}
print(json.dumps(clients[client]()))
