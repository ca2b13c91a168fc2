import { answers, type ProtocolCase } from './protocol-cases.ts';

/** Meta commands on one entry over time: the right to recache it, its read times, its expiry, and the reply to `me`. */

/** The right to recache an entry. W: this client has won it; Z: another client has; X: the entry is stale. */
const MARKS: readonly ProtocolCase[] = [
  answers('mg k N30\r\n', 'HD W\r\n'),
  answers('mg k N30 v k O1\r\n', 'VA 0 kk O1 W\r\n\r\n'),
  answers('mg k N30 q\r\nmg k q\r\nmn\r\n', 'HD W\r\nHD Z\r\nMN\r\n'),
  answers('mg k N0 t\r\nmg k t\r\n', 'HD t-1 W\r\nHD t-1 Z\r\n'),
  answers('mg k N-1\r\nmg k v\r\n', 'HD W\r\nEN\r\n'),
  answers(
    'mg k N30 v\r\nmg k v\r\nmg k N30 s\r\nmg k v h t\r\nms k 1 T0\r\nx\r\nmg k v t\r\n',
    'VA 0 W\r\n\r\nVA 0 Z\r\n\r\nHD s0 Z\r\nVA 0 h1 t30 Z\r\n\r\nHD\r\nVA 1 t-1\r\nx\r\n',
  ),
  answers(
    'mg k N30 c v q k O1 R30 T40\r\nmg k t R100\r\nmg k t\r\n',
    'VA 0 c# kk O1 W\r\n\r\nHD t40 Z\r\nHD t40 Z\r\n',
  ),
  answers('mg k t N30\r\nmg k t\r\n', 'HD t-1 W\r\nHD t30 Z\r\n'),
  answers('mg k N30 t T60\r\nmg k t\r\n', 'HD t30 W\r\nHD t60 Z\r\n'),
  answers(
    'mg k T5 t N9\r\nmg k t T5 R30 N30\r\nmg k R30 t T90\r\nmg k t T90 R30\r\n',
    'HD t5 W\r\nHD t9 Z\r\nHD t5 Z\r\nHD t90 Z\r\n',
  ),
  answers('mg k c f h k l O1 s t v N0 T0 R0\r\n', 'VA 0 c# f0 h0 kk l0 O1 s0 t-1 W\r\n\r\n'),
  answers('mg k N30\r\nms k 1 ME\r\nx\r\nms k 1 MA\r\nx\r\nmg k v\r\n', 'HD W\r\nNS\r\nHD\r\nVA 1\r\nx\r\n'),
  answers('mg k N30\r\nmd k\r\nmg k N30\r\nget k\r\n', 'HD W\r\nHD\r\nHD W\r\nVALUE k 0 0\r\n\r\nEND\r\n'),
  answers(
    'ms k 1 T100\r\nx\r\nmg k R30\r\nmg k R100\r\nmg k R300 t\r\nmg k R300 t\r\ntouch k 0\r\nmg k R300 t\r\nms k 1\r\nx\r\nmg k R300\r\n',
    'HD\r\nHD\r\nHD\r\nHD t100 W\r\nHD t100 Z\r\nTOUCHED\r\nHD t-1 Z\r\nHD\r\nHD\r\n',
  ),
  answers('ms k 1 T100\r\nx\r\nmg k R-1\r\nmg k R0\r\n', 'HD\r\nHD\r\nHD\r\n'),
  answers('ms k 1 T20\r\nx\r\nmg k R30 T100 t\r\nmg k\r\n', 'HD\r\nHD t100 W\r\nHD Z\r\n'),
  answers(
    'ms k 1 T20\r\nx\r\nmg k T-1 R0\r\nms k 1\r\nx\r\nmg k T-1 R30\r\nmg k\r\n',
    'HD\r\nHD\r\nHD\r\nHD W\r\nEN\r\n',
  ),
  answers(
    'ms k 1\r\nx\r\nmg k T30\r\nmg k h\r\ntouch k 0\r\nma k\r\nmg k h\r\n',
    'HD\r\nHD\r\nHD h1\r\nTOUCHED\r\nCLIENT_ERROR cannot increment or decrement non-numeric value\r\nHD h1\r\n',
  ),
  answers('ms k 1\r\nx\r\nmg k T20 R30 t\r\nmg k T20 R30 t\r\n', 'HD\r\nHD t20 W\r\nHD t20 Z\r\n'),
  answers('ms k 1 T20\r\nx\r\nmg k R4000000000\r\nmg k\r\n', 'HD\r\nHD\r\nHD\r\n'),
  answers('ms k 1\r\nx\r\nmg k R2000000000\r\nmg k\r\n', 'HD\r\nHD\r\nHD\r\n'),
  answers('ms k 1 T100\r\nx\r\nmg k R2000000000\r\nmg k\r\n', 'HD\r\nHD W\r\nHD Z\r\n'),
  answers(
    'ms k 1\r\nx\r\nmd k I k O2\r\nmg k v t s\r\nmg k v s\r\nmg k R30 s\r\n',
    'HD\r\nHD kk O2\r\nVA 1 t-1 s1 X W\r\nx\r\nVA 1 s1 Z X\r\nx\r\nHD s1 Z X\r\n',
  ),
  answers(
    'ms k 1\r\nx\r\nmd k I T30\r\nmg k t\r\nmg k t N30 R60\r\n',
    'HD\r\nHD\r\nHD t30 X W\r\nHD t30 Z X\r\n',
  ),
  answers('ms k 1 T100\r\nx\r\nmd k I T0 q\r\nmg k t q\r\nmn\r\n', 'HD\r\nHD t-1 X W\r\nMN\r\n'),
  answers(
    'ms k 1\r\nx\r\nmd k I\r\nmg k\r\nmd k I\r\nmg k\r\nmg k\r\n',
    'HD\r\nHD\r\nHD X W\r\nHD\r\nHD X W\r\nHD Z X\r\n',
  ),
  answers('ms k 1\r\nx\r\nmd k I\r\nms k 1\r\ny\r\nmg k v\r\n', 'HD\r\nHD\r\nHD\r\nVA 1\r\ny\r\n'),
  answers(
    'ms k 1\r\nx\r\nmd k I\r\nmg k\r\nms k 1 MA\r\ny\r\nmg k v\r\n',
    'HD\r\nHD\r\nHD X W\r\nHD\r\nVA 2\r\nxy\r\n',
  ),
  answers(
    'ms k 1\r\nx\r\nmd k I\r\ntouch k 50\r\nmg k v t\r\ngat 30 k\r\nmg k v t\r\nget k\r\n',
    'HD\r\nHD\r\nTOUCHED\r\nVA 1 t50 X W\r\nx\r\nVALUE k 0 1\r\nx\r\nEND\r\nVA 1 t30 Z X\r\nx\r\nVALUE k 0 1\r\nx\r\nEND\r\n',
  ),
  answers(
    'ms k 1 T100 F5\r\nx\r\nms k 2 C1 I T50 F6 c k\r\nyy\r\nmg k v t f c\r\nmg k v t f\r\n',
    'HD\r\nHD c# kk\r\nVA 2 t100 f6 c# X W\r\nyy\r\nVA 2 t100 f6 Z X\r\nyy\r\n',
  ),
  answers(
    'ms k 1 T100\r\nx\r\nmd k I\r\nms k 1 C1 I\r\ny\r\nmg k v t\r\nms k 1 C1 I\r\nz\r\nmg k v\r\n',
    'HD\r\nHD\r\nHD\r\nVA 1 t100 X W\r\ny\r\nHD\r\nVA 1 Z X\r\nz\r\n',
  ),
  answers(
    'ms k 1 T100\r\nx\r\nmd k I\r\nmg k\r\nms k 1 C1 I\r\ny\r\nmg k v t\r\n',
    'HD\r\nHD\r\nHD X W\r\nHD\r\nVA 1 t100 Z X\r\ny\r\n',
  ),
  answers('ms k 1\r\nx\r\nms k 1 C0 I\r\ny\r\nmg k v\r\n', 'HD\r\nEX\r\nVA 1\r\nx\r\n'),
  answers(
    'ms k 1\r\nx\r\nms k 1 C1 I MA\r\ny\r\nms k 1 C1 I MR\r\nz\r\nmg k v\r\n',
    'HD\r\nEX\r\nHD\r\nVA 1 X W\r\nz\r\n',
  ),
];

/** Whether and when an entry was read: the effect of writes on that, and reads that do not count. */
const READ_TIMES: readonly ProtocolCase[] = [
  answers(
    'ms k 1\r\n5\r\nmg k\r\nma k D5\r\nmg k h v\r\nmg k h\r\n',
    'HD\r\nHD\r\nHD\r\nVA 2 h0\r\n10\r\nHD h1\r\n',
  ),
  answers(
    'ms k 1\r\n5\r\nmg k\r\nms k 1\r\n7\r\nincr k 1\r\nmg k h v\r\n',
    'HD\r\nHD\r\nHD\r\n8\r\nVA 1 h0\r\n8\r\n',
  ),
  answers(
    'ms k 1\r\n5\r\nmg k u\r\nmg k u h l\r\nmg k h\r\nmg k h u\r\n',
    'HD\r\nHD\r\nHD h0 l0\r\nHD h0\r\nHD h1\r\n',
  ),
  answers('mg k u N30 h\r\nmg k h\r\n', 'HD h0 W\r\nHD h0 Z\r\n'),
  answers('mg k N30 h\r\nmg k h\r\n', 'HD h0 W\r\nHD h1 Z\r\n'),
  answers('ms k 1 T100\r\n5\r\nmg k u T200 t h\r\nmg k h t\r\n', 'HD\r\nHD t200 h0\r\nHD h0 t200\r\n'),
  answers(
    'ms k 1\r\n5\r\nmd k I\r\nmg k u h\r\nmg k u h\r\nmg k h\r\nmg k h\r\n',
    'HD\r\nHD\r\nHD h0 X W\r\nHD h0 Z X\r\nHD h0 Z X\r\nHD h1 Z X\r\n',
  ),
  answers(
    'ms k 1 T30\r\n5\r\nmg k u R90 h\r\nmg k h u\r\nmg k h\r\n',
    'HD\r\nHD h0 W\r\nHD h0 Z\r\nHD h0 Z\r\n',
  ),
];

/** `t` shows the time left as the flags before it on the line have set it. */
const TIMES_LEFT: readonly ProtocolCase[] = [
  answers(
    'ms k 1 T100\r\n5\r\nma k t T200 v\r\nma k T300 t v\r\nmg k t\r\n',
    'HD\r\nVA 1 t100\r\n6\r\nVA 1 t300\r\n7\r\nHD t300\r\n',
  ),
  answers('ma k N100 t T200\r\nmg k t\r\n', 'HD t100\r\nHD t200\r\n'),
  answers('ma k t N100 T200\r\nmg k t\r\n', 'HD t-1\r\nHD t200\r\n'),
  answers('ma k T200 t N100\r\nmg k t\r\n', 'HD t200\r\nHD t100\r\n'),
];

const DEBUGS: readonly ProtocolCase[] = [
  answers('me k x\r\n', 'EN\r\n'),
  answers('me k x y z\r\n', 'EN\r\n'),
  answers('me k b x\r\n', 'CLIENT_ERROR bad command line format\r\n'),
  answers('me k\0\r\n', 'EN\r\n'),
  answers(
    'ms k 3\r\nabc\r\nme k\r\nme k\r\n',
    'HD\r\nME k exp=-1 la=0 cas=# fetch=no cls=1 size=63\r\nME k exp=-1 la=0 cas=# fetch=no cls=1 size=63\r\n',
  ),
  answers('ms k 3 F7 T100\r\nabc\r\nme k\r\n', 'HD\r\nME k exp=-100 la=0 cas=# fetch=no cls=1 size=67\r\n'),
  answers(
    'ms k 3\r\nabc\r\nget k\r\nme k\r\n',
    'HD\r\nVALUE k 0 3\r\nabc\r\nEND\r\nME k exp=-1 la=0 cas=# fetch=yes cls=1 size=63\r\n',
  ),
  answers(
    `ms k 100\r\n${'x'.repeat(100)}\r\nme k\r\n`,
    'HD\r\nME k exp=-1 la=0 cas=# fetch=no cls=4 size=160\r\n',
  ),
  answers(
    `ms k 1800\r\n${'x'.repeat(1800)}\r\nme k\r\n`,
    'HD\r\nME k exp=-1 la=0 cas=# fetch=no cls=15 size=1860\r\n',
  ),
  answers(
    `ms k 5000\r\n${'x'.repeat(5000)}\r\nme k\r\n`,
    'HD\r\nME k exp=-1 la=0 cas=# fetch=no cls=19 size=5060\r\n',
  ),
  answers(
    `ms k 300000\r\n${'x'.repeat(300000)}\r\nme k\r\n`,
    'HD\r\nME k exp=-1 la=0 cas=# fetch=no cls=37 size=300060\r\n',
  ),
  answers(
    `ms k 600000\r\n${'x'.repeat(600000)}\r\nme k\r\n`,
    'HD\r\nME k exp=-1 la=0 cas=# fetch=no cls=39 size=600060\r\n',
  ),
];

export const META_ENTRY_CASES: readonly ProtocolCase[] = [...DEBUGS, ...MARKS, ...READ_TIMES, ...TIMES_LEFT];

/**
 * Commands that 1.6.18 refuses or ignores, and that the current text of the protocol describes: a controller follows
 * the text.
 */
export const NEWER_CASES: readonly ProtocolCase[] = [
  answers(
    'ms k 1 E99 c\r\nx\r\nmg k c\r\nms k 1 C99\r\ny\r\nmg k v\r\n',
    'HD c#\r\nHD c#\r\nHD\r\nVA 1\r\ny\r\n',
  ),
  answers(
    'ms k 1 E99\r\nx\r\nms k 1 C98 I E100\r\ny\r\nmg k v\r\nmd k C100\r\n',
    'HD\r\nHD\r\nVA 1 X W\r\ny\r\nHD\r\n',
  ),
  answers(
    'ms k 1 E99\r\n1\r\nmg k T60\r\nma k C99 E7 c\r\nma k C7 v\r\nma k C7\r\n',
    'HD\r\nHD\r\nHD c#\r\nVA 1\r\n3\r\nEX\r\n',
  ),
  answers(
    'ms k 1 E5\r\nx\r\nmd k I E9\r\nms k 1 C5\r\ny\r\nms k 1 C9\r\ny\r\nmg k v\r\n',
    'HD\r\nHD\r\nEX\r\nHD\r\nVA 1\r\ny\r\n',
  ),
  answers('ms k 1 Ex\r\nx\r\nmn\r\n', 'CLIENT_ERROR bad token in command line format\r\nMN\r\n'),
  answers('ms k 3 s\r\nabc\r\nms k 3 s ME\r\nabc\r\n', 'HD s3\r\nNS\r\n'),
  answers('ms k 3 s\r\nabc\r\nms k 2 s MA\r\nde\r\nms k 1 s MP N9\r\nf\r\n', 'HD s3\r\nHD s5\r\nHD s6\r\n'),
  answers(
    'ms k 1 MA N30 F4\r\nx\r\nms k 1 MP N60\r\ny\r\nmg k v t f\r\n',
    'HD\r\nHD\r\nVA 2 t30 f4\r\nyx\r\n',
  ),
  answers('ms k 3 F7 T50\r\nabc\r\nmd k x\r\nmg k v f t\r\n', 'HD\r\nHD\r\nVA 0 f0 t50\r\n\r\n'),
  answers('ms k 3 E5\r\nabc\r\nmd k x\r\nms k 1 C5 q\r\nx\r\nmn\r\n', 'HD\r\nHD\r\nMN\r\n'),
  answers(
    'ms k 3\r\nabc\r\nmd k x I T30\r\nmg k v t\r\nmg k\r\n',
    'HD\r\nHD\r\nVA 0 t30 X W\r\n\r\nHD Z X\r\n',
  ),
];

const LEVEL_OF_WRITE = 'CLIENT_ERROR a write has the level of its keyspace: only a plain mg takes G or A\r\n';
const BAD_LEVEL = 'CLIENT_ERROR G takes the letter of a level, as in Gs\r\n';

/** The flags `G` and `A`, which memcached does not have, where the line alone decides the answer. */
export const LEVEL_CASES: readonly ProtocolCase[] = [
  answers('mg k G\r\nmg k v Gss\r\nmg k v G10\r\n', BAD_LEVEL.repeat(3)),
  answers('mg k v Gs Ge\r\n', 'CLIENT_ERROR duplicate flag\r\n'),
  answers('mg k A\r\nmg k A-1\r\nmg k Ax\r\n', 'CLIENT_ERROR bad token in command line format\r\n'.repeat(3)),
  answers('mg k A5 T0\r\nma k A5\r\n', LEVEL_OF_WRITE.repeat(2)),
  answers(
    'mg k A5 Gs\r\n',
    'CLIENT_ERROR a read asks for a level (G) or for a bound on its age (A), not for both\r\n',
  ),
  answers('mg k v Gs T0\r\nmg k v N30 Gs\r\nmg k v R30 Gs\r\n', LEVEL_OF_WRITE.repeat(3)),
  answers('ms k 1 Gs\r\nx\r\nmd k Gs\r\nma k Gs\r\nmg k v\r\n', `${LEVEL_OF_WRITE.repeat(3)}EN\r\n`),
  answers('md k Gs !\r\nmn Gs\r\nme k Gs\r\n', 'CLIENT_ERROR invalid or duplicate flag\r\nMN\r\nEN\r\n'),
];
