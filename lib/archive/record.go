package archive

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"sync"
)

// A segment starts with these bytes. Records follow:
//
//	offset  size  item
//	0       3     ff 6d 72
//	3       1     K key, D changes, N note
//	4       4     payload size n
//	8       4     CRC-32C of bytes 0 to 7 and 12 to 24+n
//	12      1     codec of the payload
//	13      3     0
//	16      8     time in microseconds since 1970, signed
//	24      n     payload
//
// In a payload a zero byte follows each ff 6d 72, after packing. So what looks
// like a record is one, wherever a reader starts to look, and no text of a
// stat can pass for one.
const (
	segmentHeader = "mmrec\x00\x00\x01"
	recordMark    = "\xffmr"
	headerSize    = 24
)

// Kinds of records.
const (
	keyRecord    = 'K'
	changeRecord = 'D'
	noteRecord   = 'N'

	keyRecords = string(rune(keyRecord))
	allRecords = keyRecords + string(rune(changeRecord)) + string(rune(noteRecord))
)

// Codecs of payloads.
const (
	codecNone = iota
	codecDeflate
)

// castagnoli takes 0.1 ms to make, which commands that read no archive need not
// spend at their start.
var castagnoli = sync.OnceValue(func() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) })

// A header is the start of a record.
type header struct {
	kind  byte
	size  int // of the payload, in bytes
	codec byte
	time  int64 // µs
}

// end returns where the record that starts at offset ends.
func (h *header) end(offset int64) int64 { return offset + headerSize + int64(h.size) }

var errNotRecord = errors.New("not the start of a record")

// parseHeader returns the header that b, of headerSize bytes, is. That it is
// one is only sure once [checkRecord] has seen all of the record.
func parseHeader(b []byte) (header, error) {
	n := binary.LittleEndian.Uint32(b[4:])
	h := header{kind: b[3], codec: b[12], time: int64(binary.LittleEndian.Uint64(b[16:]))}
	switch {
	case string(b[:3]) != recordMark || h.kind != keyRecord && h.kind != changeRecord && h.kind != noteRecord:
		return h, errNotRecord
	case n > MaxPayload:
		return h, fmt.Errorf("record of %d bytes, at most %d are read", n, MaxPayload)
	case h.codec > codecDeflate || b[13]|b[14]|b[15] != 0:
		return h, fmt.Errorf("unknown codec % x", b[12:16])
	}
	h.size = int(n)
	return h, nil
}

func checksum(record []byte) uint32 {
	return crc32.Update(crc32.Checksum(record[:8], castagnoli()), castagnoli(), record[12:])
}

var errChecksum = errors.New("wrong checksum")

// checkRecord reports whether a whole record is as it was written.
func checkRecord(record []byte) error {
	if binary.LittleEndian.Uint32(record[8:]) != checksum(record) {
		return errChecksum
	}
	return nil
}

// A packer makes records of payloads. It reuses its memory.
type packer struct {
	deflate *flate.Writer
	packed  bytes.Buffer
}

// append appends a record to dst.
func (p *packer) append(dst []byte, kind byte, time int64, payload []byte) ([]byte, error) {
	if len(payload) > MaxPayload {
		return dst, ErrTooMuch
	}
	codec := byte(codecDeflate)
	packed := p.pack(payload)
	if len(packed) >= len(payload) {
		codec, packed = codecNone, payload
	}
	start := len(dst)
	dst = append(dst, recordMark...)
	dst = append(dst, kind, 0, 0, 0, 0, 0, 0, 0, 0, codec, 0, 0, 0)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(time))
	dst = appendStuffed(dst, packed)
	record := dst[start:]
	if len(record)-headerSize > MaxPayload {
		return dst[:start], ErrTooMuch
	}
	binary.LittleEndian.PutUint32(record[4:], uint32(len(record)-headerSize))
	binary.LittleEndian.PutUint32(record[8:], checksum(record))
	return dst, nil
}

func (p *packer) pack(payload []byte) []byte {
	p.packed.Reset()
	if p.deflate == nil {
		p.deflate, _ = flate.NewWriter(&p.packed, flate.BestSpeed) // the level is valid
	} else {
		p.deflate.Reset(&p.packed)
	}
	p.deflate.Write(payload) // a bytes.Buffer takes everything
	p.deflate.Close()
	return p.packed.Bytes()
}

// appendStuffed appends b to dst, with a zero byte after each recordMark.
func appendStuffed(dst, b []byte) []byte {
	for {
		i := bytes.Index(b, []byte(recordMark))
		if i < 0 {
			return append(dst, b...)
		}
		i += len(recordMark)
		dst = append(append(dst, b[:i]...), 0)
		b = b[i:]
	}
}

// stuffingEnd returns where in b a recordMark starts that no zero byte
// follows, or -1.
func stuffingEnd(b []byte) int {
	for at := 0; ; {
		i := bytes.Index(b[at:], []byte(recordMark))
		if i < 0 {
			return -1
		}
		at += i + len(recordMark)
		if at == len(b) || b[at] != 0 {
			return at - len(recordMark)
		}
	}
}

// An unpacker is the reverse of a packer.
type unpacker struct {
	source  bytes.Reader
	inflate io.ReadCloser
	out     []byte
}

var errPayload = errors.New("payload cannot be unpacked")

// unpack returns the payload of a record that checkRecord accepts. It is good
// until the next call, and may be part of record.
func (u *unpacker) unpack(codec byte, record []byte) ([]byte, error) {
	packed := record[headerSize:]
	if bytes.Contains(packed, []byte(recordMark)) {
		if stuffingEnd(packed) >= 0 {
			return nil, errPayload
		}
		packed = bytes.ReplaceAll(packed, []byte(recordMark+"\x00"), []byte(recordMark))
	}
	if codec == codecNone {
		return packed, nil
	}
	u.source.Reset(packed)
	if u.inflate == nil {
		u.inflate = flate.NewReader(&u.source)
	} else if err := u.inflate.(flate.Resetter).Reset(&u.source, nil); err != nil {
		return nil, err
	}
	return u.read()
}

// read inflates everything, and no more than MaxPayload.
func (u *unpacker) read() ([]byte, error) {
	u.out = u.out[:0]
	for {
		if len(u.out) == cap(u.out) {
			u.out = append(u.out, 0)[:len(u.out)]
		}
		n, err := u.inflate.Read(u.out[len(u.out):min(cap(u.out), MaxPayload+1)])
		u.out = u.out[:len(u.out)+n]
		switch {
		case len(u.out) > MaxPayload, err != nil && err != io.EOF:
			return nil, errPayload
		case err == io.EOF:
			return u.out, nil
		}
	}
}

// zigzag maps numbers near 0, of either sign, to small ones.
func zigzag(v uint64) uint64 { return v<<1 ^ uint64(int64(v)>>63) }

func unzigzag(v uint64) uint64 { return v>>1 ^ -(v & 1) }

// maxMicros bounds times, so that they can be counted in nanoseconds.
const maxMicros = math.MaxInt64 / 1000
