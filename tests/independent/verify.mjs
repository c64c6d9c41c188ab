// Judges what a folder holds with other people's implementations, and prints what they say as JSON.
// usage: node verify.mjs FOLDER CONTEXTS INSTANT
// FOLDER: did.json, and any of credential.json, credential.jwt, list-*.json, qr.rgba (with qr.json: width, height).
// No network: documents come from FOLDER and from CONTEXTS, the project's own hashed copies.
import {existsSync, readFileSync, readdirSync} from 'node:fs';
import {join} from 'node:path';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {checkStatus} from '@digitalbazaar/vc-bitstring-status-list';
import {cryptosuite} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import {importJWK, jwtVerify} from 'jose';
import jsQR from 'jsqr';
import * as vc from '@digitalbazaar/vc';

const [folder, contexts, instant] = process.argv.slice(2);
const now = new Date(instant);
const read = name => readFileSync(join(folder, name), 'utf8');
const did = JSON.parse(read('did.json'));

const documents = new Map([[did.id, did]]);
for(const method of did.verificationMethod) {
  // What resolving a DID URL gives: the method alone, which names its own context.
  documents.set(method.id, {'@context': 'https://w3id.org/security/multikey/v1', ...method});
}
for(const {url, file} of JSON.parse(readFileSync(join(contexts, 'manifest.json'), 'utf8')).contexts) {
  documents.set(url, JSON.parse(readFileSync(join(contexts, file), 'utf8')));
}
for(const name of readdirSync(folder).filter(name => name.startsWith('list-'))) {
  const list = JSON.parse(read(name));
  documents.set(list.id, list);
}
const documentLoader = async url => {
  if(!documents.has(url)) {
    throw new Error(`not shipped: ${url}`);
  }
  return {contextUrl: null, documentUrl: url, document: documents.get(url)};
};

const suite = new DataIntegrityProof({cryptosuite});
const said = {};

if(existsSync(join(folder, 'credential.json'))) {
  const credential = JSON.parse(read('credential.json'));
  const options = {documentLoader, suite, now, verifyBitstringStatusListCredential: true};
  const result = await vc.verifyCredential({
    ...options, credential, checkStatus: ({credential}) => checkStatus({...options, credential})
  });
  said.verified = result.verified;
  said.statuses = result.statusResult?.results?.map(({status, credentialStatus}) =>
    [credentialStatus.statusPurpose, status]) ?? [];
  said.error = String(result.error?.errors?.[0] ?? result.error ?? result.statusResult?.error ?? '');
}

if(existsSync(join(folder, 'credential.jwt'))) {
  const token = read('credential.jwt').trim();
  try {
    const {payload} = await jwtVerify(token, async header => {
      const method = did.verificationMethod.find(({id}) => id === header.kid && did.assertionMethod.includes(id));
      return importJWK(method.publicKeyJwk, 'RS256');
    }, {algorithms: ['RS256'], issuer: did.id, currentDate: now});
    said.jwt = payload;
  } catch(error) {
    said.jwt = null;
    said.jwtError = String(error);
  }
}

if(existsSync(join(folder, 'qr.rgba'))) {
  const {width, height} = JSON.parse(read('qr.json'));
  const pixels = new Uint8ClampedArray(readFileSync(join(folder, 'qr.rgba')));
  said.qr = jsQR(pixels, width, height)?.data ?? null;
}

console.log(JSON.stringify(said));
