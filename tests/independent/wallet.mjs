// A wallet made of other people's implementations takes an offer up, and prints what it received as JSON.
// usage: node wallet.mjs ISSUER SERVED CONFIGURATION LINK FIGURES
// The addresses of ISSUER are read at SERVED. No other address is: anything else fails.
import {createHash, randomBytes} from 'node:crypto';
import {setTimeout as sleep} from 'node:timers/promises';
import {CompactSign, exportJWK, generateKeyPair, importJWK, jwtVerify} from 'jose';
import {clientAuthenticationAnonymous, setGlobalConfig} from '@openid4vc/oauth2';
import {Openid4vciClient} from '@openid4vc/openid4vci';
import {SDJwtVcInstance} from '@sd-jwt/sd-jwt-vc';

const [issuer, served, configuration, link, figures] = process.argv.slice(2);
setGlobalConfig({allowInsecureUrls: true}); // the address of a test is not of https

const visited = [];
const bring = (address, options) => {
  const url = String(address);
  if(!url.startsWith(`${issuer}/`)) {
    throw new Error(`asked for ${url}`);
  }
  visited.push(url.slice(issuer.length));
  return fetch(served + url.slice(issuer.length), options);
};
const {publicKey, privateKey} = await generateKeyPair('ES256');
const publicJwk = await exportJWK(publicKey);
const client = new Openid4vciClient({callbacks: {
  fetch: bring,
  hash: (data, algorithm) => createHash(algorithm.replace('-', '')).update(data).digest(),
  generateRandom: length => randomBytes(length),
  clientAuthentication: clientAuthenticationAnonymous(),
  signJwt: async (_signer, {header, payload}) => ({
    jwt: await new CompactSign(Buffer.from(JSON.stringify(payload))).setProtectedHeader(header).sign(privateKey),
    signerJwk: publicJwk,
  }),
}});

const credentialOffer = await client.resolveCredentialOffer(link);
const issuerMetadata = await client.resolveIssuerMetadata(credentialOffer.credential_issuer);
const {accessTokenResponse} = await client.retrievePreAuthorizedCodeAccessTokenFromOffer({
  credentialOffer, issuerMetadata, txCode: figures,
});
const accessToken = accessTokenResponse.access_token;
const {c_nonce: nonce} = await client.requestNonce({issuerMetadata});
const {jwt} = await client.createCredentialRequestJwtProof({
  issuerMetadata, credentialConfigurationId: configuration, nonce,
  signer: {method: 'jwk', alg: 'ES256', publicJwk},
});
const {credentialResponse} = await client.retrieveCredentials({
  issuerMetadata, accessToken, credentialConfigurationId: configuration, proofs: {jwt: [jwt]},
});
let credentials;
for(let turn = 0; !credentials && turn < 200; turn++) {
  const answer = await client.retrieveDeferredCredentials({
    issuerMetadata, accessToken, transactionId: credentialResponse.transaction_id,
  });
  credentials = answer.deferredCredentialResponse.credentials;
  await sleep(credentials ? 0 : 100);
}
const [{credential}] = credentials;

const json = async url => (await bring(url)).json();
let claims;
if(configuration.endsWith('sd_jwt')) {
  const {jwks} = await json(`${issuer}/.well-known/jwt-vc-issuer`);
  const verifier = async (data, signature) => {
    try {
      const header = JSON.parse(Buffer.from(data.split('.')[0], 'base64url'));
      const key = await importJWK(jwks.keys.find(({kid}) => kid === header.kid), 'ES256');
      await jwtVerify(`${data}.${signature}`, key);
      return true;
    } catch{
      return false;
    }
  };
  const judge = new SDJwtVcInstance({
    hasher: (data, algorithm) => createHash(algorithm.replace('-', '')).update(data).digest(),
    hashAlg: 'sha-256',
    verifier,
    statusListFetcher: async url => (await bring(url)).text(),
  });
  claims = (await judge.verify(credential)).payload;
  const kept = await judge.present(credential, {track: true});
  const shown = (await judge.verify(kept)).payload;
  claims = {...claims, shown: Object.keys(shown)};
} else {
  const did = await json(`${issuer}/.well-known/did.json`);
  const header = JSON.parse(Buffer.from(credential.split('.')[0], 'base64url'));
  const method = did.verificationMethod.find(({id}) => id === header.kid && did.assertionMethod.includes(id));
  claims = (await jwtVerify(credential, await importJWK(method.publicKeyJwk, 'RS256'))).payload;
}
console.log(JSON.stringify({claims, key: publicJwk, visited}));
