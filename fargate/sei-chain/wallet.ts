/**
 * Our key on chain: derived once from the mnemonic, and never shown. Owns the derivation (BIP-39, m/44'/118'/0'/0/0, prefix `sei`);
 * the mnemonic's words stand in no error and no log.
 */
import { Bip39, EnglishMnemonic, Slip10, Slip10Curve } from "@cosmjs/crypto";
import {
  DirectSecp256k1Wallet,
  encodePubkey,
  makeCosmoshubPath,
  type OfflineDirectSigner,
} from "@cosmjs/proto-signing";
import { InputError } from "../../core/errors.ts";
import type { Secret } from "../secret.ts";

const PREFIX = "sei";

export type ChainWallet = {
  readonly address: string;
  /** The public key as a transaction carries it. */
  readonly pubkey: ReturnType<typeof encodePubkey>;
  /** Holds the key itself: signing with a derived wallet would derive it anew each time, which costs six times the signature. */
  readonly signer: OfflineDirectSigner;
};

/** Throws `InputError` when the words are no mnemonic, or are that of another address than `address`. */
export async function openWallet(mnemonic: Secret, address: string): Promise<ChainWallet> {
  const signer = await DirectSecp256k1Wallet.fromKey(await deriveKey(mnemonic), PREFIX);
  const [account] = await signer.getAccounts();
  if (account === undefined) throw new Error("a wallet of one key must have an account");
  if (account.address !== address) {
    const expected = `the address of SEI_MNEMONIC, ${account.address}`;
    throw new InputError({ what: "sei.address", expected, was: address });
  }
  return {
    address,
    pubkey: encodePubkey({ type: "tendermint/PubKeySecp256k1", value: toBase64(account.pubkey) }),
    signer,
  };
}

async function deriveKey(mnemonic: Secret): Promise<Uint8Array> {
  const seed = await Bip39.mnemonicToSeed(readMnemonic(mnemonic));
  return Slip10.derivePath(Slip10Curve.Secp256k1, seed, makeCosmoshubPath(0)).privkey;
}

/** The library's own error may name a word: it goes no further. */
function readMnemonic(mnemonic: Secret): EnglishMnemonic {
  try {
    return new EnglishMnemonic(mnemonic.reveal());
  } catch {
    const expected = "an English mnemonic of 12 to 24 words whose checksum is right";
    throw new InputError({ what: "SEI_MNEMONIC", expected, was: "something else (not shown)" });
  }
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
