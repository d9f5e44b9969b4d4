#!/bin/sh
# make_certs.sh DIR: a test CA and certificates for the test tenant, good and
# bad in one way each. Every NAME has NAME.pem (with its chain) and NAME.key.
set -eu

dir=$1
export CA_NAME=ca

mkdir -p "$dir"
cd "$dir"

loopback='IP:127.0.0.1,IP:127.0.0.2,IP:127.0.0.3,IP:127.0.0.4,IP:127.0.0.8,IP:127.0.0.9,IP:::1'
names='DNS:tenant.test,DNS:keys.test,DNS:idp.test,DNS:localhost'

cat > openssl.cnf <<END
[req]
distinguished_name = dn
prompt = no
[dn]
CN = tenant.test
[ca_any]
database = \$ENV::CA_NAME.db
serial = \$ENV::CA_NAME.serial
certificate = \$ENV::CA_NAME.pem
private_key = \$ENV::CA_NAME.key
new_certs_dir = .
default_md = sha256
default_days = 3650
default_crl_days = 3650
policy = any
unique_subject = no
[any]
CN = supplied
[v3_ca]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[v3_good]
extendedKeyUsage = serverAuth
subjectAltName = $names,$loopback
[v3_wrong_host]
extendedKeyUsage = serverAuth
subjectAltName = DNS:other.test,IP:127.0.0.77
[v3_no_ip]
extendedKeyUsage = serverAuth
subjectAltName = $names
[v3_wildcard]
extendedKeyUsage = serverAuth
subjectAltName = DNS:*.tenant.test
[v3_half_wildcard]
extendedKeyUsage = serverAuth
subjectAltName = DNS:a*.tenant.test
[v3_no_san]
extendedKeyUsage = serverAuth
[v3_client_only]
extendedKeyUsage = clientAuth
subjectAltName = $names,$loopback
END

key() {
    openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"
}

# root NAME SUBJECT
root() {
    key "$1"
    openssl req -x509 -new -key "$1.key" -subj "/CN=$2" -days 3650 \
        -config openssl.cnf -extensions v3_ca -out "$1.pem"
    : > "$1.db"
    echo 1000 > "$1.serial"
}

# issue NAME CA EXTENSIONS [START END]
issue() {
    key "$1"
    openssl req -new -key "$1.key" -subj "/CN=${subject:-tenant.test}" \
        -config openssl.cnf -out "$1.csr"
    CA_NAME=$2 openssl ca -batch -notext -config openssl.cnf -name ca_any \
        -extensions "$3" ${4:+-startdate "$4" -enddate "$5"} \
        -in "$1.csr" -out "$1.pem" 2> openssl.log || {
            cat openssl.log >&2
            exit 1
        }
    rm "$1.csr"
}

root ca 'Test CA'
root unknown_ca 'Unknown CA'

subject='Test intermediate CA' issue intermediate_ca ca v3_ca
: > intermediate_ca.db
echo 1000 > intermediate_ca.serial

issue good ca v3_good
issue wrong_host ca v3_wrong_host
issue no_ip ca v3_no_ip
issue no_san ca v3_no_san
issue wildcard ca v3_wildcard
issue half_wildcard ca v3_half_wildcard
issue client_only ca v3_client_only
issue expired ca v3_good 20200101000000Z 20200201000000Z
issue not_yet ca v3_good 20900101000000Z 20950101000000Z
issue revoked ca v3_good
issue foreign unknown_ca v3_good
issue chain intermediate_ca v3_good
cat intermediate_ca.pem >> chain.pem
cp chain.key broken_chain.key
openssl x509 -in chain.pem -out broken_chain.pem

key self_signed
openssl req -x509 -new -key self_signed.key -subj '/CN=tenant.test' \
    -days 3650 -config openssl.cnf -extensions v3_good -out self_signed.pem

# After the last certificate of this CA.
CA_NAME=ca openssl ca -config openssl.cnf -name ca_any -revoke revoked.pem \
    2> openssl.log
CA_NAME=ca openssl ca -config openssl.cnf -name ca_any -gencrl \
    -out crl.pem 2> openssl.log

rm -f ./1???.pem ./*.db* ./*.serial* openssl.log
